variable "package_folder" {
  description = "The folder of the zips that `make package` built."
  type        = string
  default     = "../../../build/package"
}
