"""A target as data: how a service is asked, and where in its answers stands what is measured. Pure."""
