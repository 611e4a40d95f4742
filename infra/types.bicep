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

@export()
@description('Which Entra tokens of people and programs the app accepts. The app registration is made beside the deployment: see identity.md.')
type entraCallers = {
  @description('Client id of the app registration that tokens are for.')
  audience: string
  @description('App role, or object id of a group, to scopes: `{Researcher: [\'study:read\']}`.')
  roles: { *: string[] }
  @description('Client id of the registration that the dashboard signs people in with; without it they need a key there.')
  dashboardClientId: string?
  @description('Scope that the dashboard asks for; without it `AUDIENCE/.default`.')
  scope: string?
}
