"""What anybody who got an image or a dataset can check by themselves, without the service."""
