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

variable "warehouse_settings" {
  description = "How jobs reach the local warehouse: host, port, database, user, password, iam_role, ssl."
  type        = map(string)
  default     = null
}
