"""Where SQL steps run: one file per engine, the same few methods each."""
