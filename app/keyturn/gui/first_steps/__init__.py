"""The first steps: what this sees, the posture, practice calls, the notification."""
