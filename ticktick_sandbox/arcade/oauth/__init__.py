"""A generic OAuth 2.0 client, driven by a provider's configuration. It knows no Engine."""
