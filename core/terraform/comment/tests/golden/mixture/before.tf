resource "terraform_data" "gone" { input = "gone" }
resource "terraform_data" "replaced" { triggers_replace = 1 }
resource "terraform_data" "updated" {
  count = 3
  input = { memory = 128, name = "worker ${count.index}" }
}
resource "terraform_data" "old_name" { input = "moved" }
resource "terraform_data" "handed_over" { input = "x" }
output "version" { value = "1" }
