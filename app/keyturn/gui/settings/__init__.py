"""Settings: appearance, arming, what this Keyturn is, and the way out."""
