variable "name" { type = string }
resource "terraform_data" "queue" { input = var.name }
