"""The wire's values as the engine's, for whoever speaks over it: the service and clients alike. No input or output."""
