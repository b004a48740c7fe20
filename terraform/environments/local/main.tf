# The platform on a cloud on this machine: AWS_ENDPOINT_URL says where it listens, and routes every service there.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Where the state lies is said by whoever starts the cloud: both end together.
  backend "local" {}
}

locals {
  settings = jsondecode(file("${path.module}/settings.json"))
}

provider "aws" {
  region                      = local.settings.region
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
  max_retries                 = 2 # what the local cloud lacks fails at once
}

module "platform" {
  source = "../../modules/platform"

  environment        = "local"
  settings           = local.settings
  package            = { for name in ["platform", "layer"] : name => "${var.package_folder}/${name}.zip" }
  warehouse_settings = var.warehouse_settings
}

output "platform" {
  description = "Names and ARNs that people and programs need."
  value       = module.platform
}
