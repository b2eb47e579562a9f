"""What greenroom is measured beside: other people's mock servers, each at its best."""
