"""Work that runs beside its client: deadlines, lost connections, fan-out, progress lines."""
