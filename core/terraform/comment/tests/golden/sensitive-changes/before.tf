locals { password = sensitive("the-old-password") }
resource "terraform_data" "database" {
  input = { user = "app", password = local.password }
}
resource "terraform_data" "leak" { input = "postgres://app:the-old-password@db.internal/app" }
