"""What the mock says about video: tokens, addresses, health and audience; no video flows here."""
