"""Events of jobs, signed and sent to servers on the internet that the config allows."""
