"""What a dataset shall be: requirements on its images, its declaration, the plan that follows."""
