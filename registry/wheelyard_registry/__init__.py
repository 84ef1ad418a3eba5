"""The Wheelyard server: a private package index that knows what is deployed."""
