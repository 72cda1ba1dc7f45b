"""The first minute with a service, the files to go on with, and completion in a shell."""
