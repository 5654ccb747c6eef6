resource "terraform_data" "script" {
  input = <<-EOT
    #!/bin/sh
    set -eu
    mkdir -p /srv/app
    cp -r app /srv/app
    echo one
    echo two
    systemctl restart app
    exit 0
  EOT
}
