"""The platform on a laptop: moto's server plus what moto lacks; development only, never deployed."""
