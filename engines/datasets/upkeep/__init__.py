"""Taking away what is asked to go, and what crashes leave behind."""
