"""Faults under load: which answers clients get while parts of the service are killed or stopped or
disks are full, and what is in the data root afterwards."""
