resource "terraform_data" "queue" {
  triggers_replace = "v2"
  lifecycle { create_before_destroy = true }
}
