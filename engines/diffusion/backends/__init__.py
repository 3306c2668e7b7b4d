"""What is particular to a family of models; everything common is in `engines.diffusion.runner`."""
