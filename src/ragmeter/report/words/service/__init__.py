"""The service and its servers, in words."""
