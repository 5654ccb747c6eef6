// The bot's image. By hand: packer build -var "image_repository=discord-bot" build.pkr.hcl
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
  description = "An image with Node.js 24, npm and a shell."
  default     = "node:24-bookworm-slim"
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

variable "npm_registry" {
  type        = string
  description = "Where the dependencies come from; empty for npm's own registry."
  default     = ""
}

variable "layer" {
  type        = string
  description = "complete: the whole image. dependencies: all but the app. app: the app alone, on a base_image that is a dependencies layer."
  default     = "complete"
}

locals {
  // an app layer needs no network: what is missing then shows here, and not in production
  network = var.layer == "app" ? "none" : "bridge"
  // an app layer inherits the label of its dependency layer: the base image below them both
  base_labels = var.layer == "app" ? [] : ["LABEL org.opencontainers.image.base.digest=\"${element(concat(split("@", var.base_image), [""]), 1)}\""]
}

source "docker" "bot" {
  image  = var.base_image
  commit = true
  pull   = false // `docker run` pulls what is missing; a digest cannot become stale

  // a folder that Debian has anyway: Packer's mount point would otherwise stay in the image
  container_dir = "/mnt"
  run_command   = ["-d", "-i", "--user=0:0", "--network=${local.network}", "--entrypoint=/bin/sh", "--", "{{.Image}}"]

  changes = concat([
    "USER 10001:10001",
    "WORKDIR /app",
    "ENV NODE_ENV=production SOURCE_SHA=\"${var.source_sha}\"",
    "EXPOSE 3000",
    // an empty ENTRYPOINT would leave the shell of run_command in its place
    "ENTRYPOINT [\"node\"]",
    "CMD [\"src/main.ts\"]",
    "LABEL org.opencontainers.image.source=\"${var.source_url}\" org.opencontainers.image.revision=\"${var.source_sha}\"",
  ], local.base_labels)
}

build {
  sources = ["source.docker.bot"]

  provisioner "file" {
    source      = "../app"
    destination = "/"
  }

  // left out, not skipped, for an app layer: a shell provisioner costs a process and five `docker exec`
  dynamic "provisioner" {
    labels   = ["shell"]
    for_each = var.layer == "app" ? [] : [var.layer]
    content {
      environment_vars = ["HOME=/tmp/build", "TMPDIR=/tmp/build", "npm_config_registry=${var.npm_registry}"]
      inline_shebang   = "/bin/sh -eu"
      inline = [
        "[ -n \"$npm_config_registry\" ] || unset npm_config_registry",
        "mkdir /tmp/build", // for all that npm and Node.js keep for another time
        "cd /app",
        "npm ci --omit=dev --no-audit --no-fund --no-update-notifier",
        "rm -rf /tmp/build",
      ]
    }
  }

  post-processor "docker-tag" {
    repository = var.image_repository
    tags       = [var.image_tag]
  }
}
