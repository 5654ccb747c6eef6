removed {
  from = terraform_data.handed_over
  lifecycle { destroy = false }
}
