"""How a service is reached by those who may: certificates, and tokens that expire."""
