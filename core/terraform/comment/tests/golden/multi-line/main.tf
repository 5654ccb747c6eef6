resource "terraform_data" "script" {
  input = <<-EOT
    #!/bin/sh
    set -eu
    install -d /srv/app
    cp -r app /srv/app
    echo one
    systemctl restart app.service
    systemctl status app
    exit 0
  EOT
}
