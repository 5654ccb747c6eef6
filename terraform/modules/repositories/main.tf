resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:AES256 is encryption at rest; a customer-managed key adds a way to lose every image
  for_each = var.repositories

  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# A rule claims the images that match it, and later rules cannot take them: what retain-images tagged keep-* stays,
# although ECR knows nothing of git. https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = var.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What git can still ask for (retain-images) never expires"
        selection    = { tagStatus = "tagged", tagPatternList = ["keep-*"], countType = "imageCountMoreThan", countNumber = 9999 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The newest ${each.value} builds"
        selection    = { tagStatus = "tagged", tagPatternList = ["in-*"], countType = "imageCountMoreThan", countNumber = each.value }
        action       = { type = "expire" }
      },
      {
        rulePriority = 3
        description  = "The newest 3 dependency layers, which only save time"
        selection    = { tagStatus = "tagged", tagPatternList = ["deps-*"], countType = "imageCountMoreThan", countNumber = 3 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 4
        description  = "What lost its tags, after a week"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
    ]
  })
}
