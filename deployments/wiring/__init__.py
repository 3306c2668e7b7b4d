"""What `bind` carries to the actors: each wiring builds the engines of one kind of replica."""
