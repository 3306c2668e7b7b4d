"""The files of the web studio. They need no build step, and load nothing from other hosts."""
