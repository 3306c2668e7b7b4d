"""What `bind` passes to the replicas: each wiring builds the engines of one kind of replica."""
