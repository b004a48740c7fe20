variable "platform_package" {
  description = "The platform's zip; `make package` builds it."
  type        = string
  default     = "../../../build/package/platform.zip"
}

variable "layer_package" {
  description = "The zip of the functions' layer; `make package` builds it."
  type        = string
  default     = "../../../build/package/layer.zip"
}

variable "wheels_package" {
  description = "The zip of the jobs' wheels, which have no way to PyPI; `make package` builds it."
  type        = string
  default     = "../../../build/package/wheels.zip"
}
