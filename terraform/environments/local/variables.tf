variable "package_folder" {
  description = "The folder of the zips that `make package` built."
  type        = string
  default     = "../../../build/package"
}

variable "warehouse_settings" {
  description = "How jobs reach the local warehouse: host, port, database, user, password, iam_role, ssl."
  type        = map(string)
  default     = null
}
