variable "password" {
  type      = string
  sensitive = true
  default   = "correct-horse-battery"
}
resource "terraform_data" "database" {
  input = { user = "app", password = var.password, url = "postgres://app:${var.password}@db.internal/app" }
}
resource "terraform_data" "leak" {
  input = "basic ${base64encode("app:correct-horse-battery")} and correct-horse-battery"
}
output "url" {
  value     = "postgres://app:${var.password}@db.internal/app"
  sensitive = true
}
