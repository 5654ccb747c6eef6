terraform {
  required_version = ">= 1.11"

  # The bucket is made by terraform/bootstrap and named at init: -backend-config=bucket=… -backend-config=region=…
  backend "s3" {
    key          = "secrets/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, { project = var.project, stack = "secrets", managed-by = "terraform" })
  }
}
