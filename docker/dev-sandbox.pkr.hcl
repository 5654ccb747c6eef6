// The image of the code sandbox. By hand: packer build -var "image_repository=dev-sandbox" dev-sandbox.pkr.hcl
// Works from Packer 1.6.6 on; from 1.7 on after `packer init plugins.pkr.hcl`.

variable "image_repository" {
  type        = string
  description = "What the image is called, without a tag."
}

variable "image_tag" {
  type    = string
  default = "latest"
}

variable "base_image" {
  type        = string
  description = "The tools of the sandbox: Node.js, git, a compiler and a shell."
  default     = "node:24-bookworm"
}

variable "source_sha" {
  type        = string
  description = "The commit that the image is built from; empty when it is not known."
  default     = ""
}

variable "source_url" {
  type    = string
  default = ""
}

source "docker" "sandbox" {
  image  = var.base_image
  commit = true
  pull   = false // `docker run` pulls what is missing; a digest cannot become stale

  // a folder that Debian has anyway: Packer's mount point would otherwise stay in the image
  container_dir = "/mnt"
  run_command   = ["-d", "-i", "--user=0:0", "--network=none", "--entrypoint=/bin/sh", "--", "{{.Image}}"]

  changes = [
    "USER 10001:10001",
    "WORKDIR /workspaces",
    "ENV HOME=/workspaces",
    "ENV HISTFILE=/dev/null",
    "ENV SANDBOX_SHARED=/tmp:/dev/shm:/dev/mqueue",
    "ENTRYPOINT [\"/usr/local/bin/serve\"]",
    "CMD []",
    "LABEL org.opencontainers.image.base.digest=\"${element(concat(split("@", var.base_image), [""]), 1)}\"",
    "LABEL org.opencontainers.image.source=\"${var.source_url}\" org.opencontainers.image.revision=\"${var.source_sha}\"",
  ]
}

build {
  sources = ["source.docker.sandbox"]

  provisioner "file" {
    source      = "dev-sandbox/"
    destination = "/"
  }

  provisioner "shell" {
    inline_shebang = "/bin/sh -eu"
    inline = [
      "chmod 0755 /usr/local/bin/serve",
      "mkdir -p /workspaces",
      "chown 10001:10001 /workspaces",
    ]
  }

  post-processor "docker-tag" {
    repository = var.image_repository
    tags       = [var.image_tag]
  }
}
