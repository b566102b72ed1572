"""The REST interface: thin views over services; every error is a problem document."""
