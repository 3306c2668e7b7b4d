"""Jobs in Redis or Valkey: for a cluster, where ingress replicas share no disk."""
