"""The clocks of the client: a socket whose reads are stamped by the kernel, or by the program."""
