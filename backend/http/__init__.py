"""The service over HTTP: endpoints, who may call them, and how answers are sent."""
