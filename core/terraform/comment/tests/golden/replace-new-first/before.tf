resource "terraform_data" "queue" {
  triggers_replace = "v1"
  lifecycle { create_before_destroy = true }
}
