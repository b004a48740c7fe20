# Nothing but where the state lies and which settings hold; what is particular to this environment is in settings.json.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket and its region are the account's: terraform init -backend-config=bucket=… -backend-config=region=…
  backend "s3" {
    key          = "cdp/dev.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

locals {
  settings = jsondecode(file("${path.module}/settings.json"))
}

provider "aws" {
  region = local.settings.region
}

module "platform" {
  source = "../../modules/platform"

  environment = "dev"
  settings    = local.settings
  package     = { for name in ["platform", "layer", "wheels"] : name => "${var.package_folder}/${name}.zip" }
}

output "platform" {
  description = "Names and ARNs that people and programs need."
  value       = module.platform
}
