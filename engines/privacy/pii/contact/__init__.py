"""Where and how to reach a person: names, postal addresses, phones, and what is online."""
