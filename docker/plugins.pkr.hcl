// For `packer init plugins.pkr.hcl` (Packer 1.7 and later); 1.6 has the plugin built in and cannot read this block.
packer {
  required_plugins {
    docker = {
      source  = "github.com/hashicorp/docker"
      version = "~> 1.1"
    }
  }
}
