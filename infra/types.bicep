@export()
@description('A deployment of a model: made in Azure OpenAI and handed to the app from this one declaration.')
type openAiDeployment = {
  @description('Name of the deployment, which callers give as `model`.')
  name: string
  @description('Model in the catalogue; also the family that prices and token counts go by.')
  model: string
  version: string
  @description('Thousands of tokens a minute for the standard kinds.')
  capacity: int
  @description('Kind of deployment; GlobalStandard unless given.')
  sku: string?
  contextTokens: int?
}
