"""What goes over the wire: strict request models, response models, and the words for faults."""
