terraform {
  required_version = ">= 1.11"

  # No backend: this stack makes the bucket that a backend needs. Its state may move there afterwards, see
  # docs/runbooks/set-up.md.
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
    tags = local.tags
  }
}
