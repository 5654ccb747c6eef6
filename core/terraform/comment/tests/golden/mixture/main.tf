resource "terraform_data" "replaced" { triggers_replace = 2 }
resource "terraform_data" "updated" {
  count = 3
  input = { memory = 256, name = "worker ${count.index}" }
}
resource "terraform_data" "new_name" { input = "moved" }
moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}
removed {
  from = terraform_data.handed_over
  lifecycle { destroy = false }
}
import {
  to = terraform_data.adopted
  id = "7f1c"
}
resource "terraform_data" "adopted" {}
resource "terraform_data" "added" {
  count = 2
  input = { memory = 256, name = "new ${count.index}" }
}
output "version" { value = "2" }
