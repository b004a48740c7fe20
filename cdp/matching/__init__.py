"""Which person records are one human: rules, scores, clusters, and why. The interface is docs/identity.md."""
